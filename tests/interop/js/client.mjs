// One call of the tour, made with npm's gRPC: node client.mjs HOST:PORT ACT
// Prints what came of it as JSON.

import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [, , address, act] = process.argv;
const definition = loader.loadSync("tour.proto", { longs: String, enums: String });
const { Tour } = grpc.loadPackageDefinition(definition).kitfox.interop.v1;
const tour = new Tour(address, grpc.credentials.createInsecure());

// What one method sends, and what came back: its reply, or its error, and its trailers.
function unary(name, request, { metadata = new grpc.Metadata(), options = {} } = {}) {
  return new Promise((resolve) => {
    const outcome = {};
    const call = tour[name](request, metadata, options, (error, reply) => {
      outcome.error = error && told(error);
      outcome.reply = reply;
    });
    call.on("status", ({ metadata }) => resolve({ ...outcome, trailers: metadata.getMap() }));
  });
}

function told({ code, details, metadata }) {
  return {
    code: grpc.status[code],
    details,
    status: metadata.get("grpc-status-details-bin").map((value) => value.toString("base64")),
  };
}

async function drained(call) {
  const found = [];
  for await (const { value } of call) found.push(Number(value) || value);
  return found;
}

async function inTurns() {
  const call = tour.shout();
  const replies = call[Symbol.asyncIterator]();
  const found = [];
  for (const value of ["one", "two"]) {
    call.write({ value });
    found.push((await replies.next()).value.value);
  }
  call.end();
  return [...found, (await replies.next()).done];
}

function added() {
  return new Promise((resolve, reject) => {
    const call = tour.total((error, reply) => (error ? reject(error) : resolve(reply.value)));
    for (let value = 1; value <= 100; value += 1) call.write({ value });
    call.end();
  });
}

function cancelled() {
  return new Promise((resolve) => {
    const call = tour.count({ upto: 1_000_000_000 });
    call.on("data", () => call.cancel());
    call.on("error", (error) => resolve(told(error)));
  });
}

function greeting() {
  const metadata = new grpc.Metadata();
  metadata.set("language", "de");
  metadata.set("seal-bin", Buffer.from([0, 255]));
  return unary("greet", {}, { metadata });
}

const parcel = {
  id: "-4611686018427387904",
  name: "Ада 🦊",
  weight: 0.25,
  fragile: true,
  content: Buffer.from([0, 255]),
  size: "SIZE_LARGE",
  packed: { seconds: "1795339800", nanos: 250000000 },
  keeps: { seconds: "-86399", nanos: -999999000 },
  price: "19.90",
  token: "12345678-1234-5678-1234-567812345678",
  labels: ["", "two"],
  counts: { a: "1", "": "-1" },
  grid: [{ items: ["1", "2"] }, { items: [] }],
  wrapping: { foil: { layers: "3" } },
  note: "",
};

const acts = {
  echo: () => unary("echo", { ...parcel, inside: [parcel] }),
  count: () => drained(tour.count({ upto: 100 })),
  total: added,
  shout: inTurns,
  fail: () => unary("fail", { code: "NOT_FOUND" }),
  misfit: () => unary("echo", { ...parcel, token: "no UUID" }),
  late: () => unary("wait", {}, { options: { deadline: Date.now() + 300 } }),
  secondsLeft: () => unary("secondsLeft", {}, { options: { deadline: Date.now() + 30_000 } }),
  cancel: cancelled,
  greet: greeting,
};

console.log(JSON.stringify(await acts[act]()));
tour.close();
