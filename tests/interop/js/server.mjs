// The tour, served with npm's gRPC: node server.mjs
// Prints the port, and serves until its input ends.

import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const definition = loader.loadSync("tour.proto", { longs: String, enums: String });
const { Tour } = grpc.loadPackageDefinition(definition).kitfox.interop.v1;

function count(call) {
  let number = 0;
  while (number < call.request.upto) call.write({ value: (number += 1) });
  call.end();
}

function total(call, reply) {
  let sum = 0;
  call.on("data", ({ value }) => (sum += Number(value)));
  call.on("end", () => reply(null, { value: sum }));
}

function shout(call) {
  call.on("data", ({ value }) => call.write({ value: value.toUpperCase() }));
  call.on("end", () => call.end());
}

function fail({ request }, reply) {
  reply({ code: grpc.status[request.code], details: "as you wish 🦊" });
}

function wait(call) {
  call.on("cancelled", () => console.log("left"));
}

function secondsLeft(call, reply) {
  reply(null, { value: (new Date(call.getDeadline()) - Date.now()) / 1000 });
}

function greet({ metadata }, reply) {
  const trailers = new grpc.Metadata();
  trailers.set("answered-in", metadata.get("language")[0]);
  trailers.set("seal-bin", metadata.get("seal-bin")[0]);
  reply(null, { value: "Hallo" }, trailers);
}

const echo = ({ request }, reply) => reply(null, request);
const server = new grpc.Server();
server.addService(Tour.service, { echo, count, total, shout, fail, wait, secondsLeft, greet });
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
process.stdin.resume().on("end", () => process.exit(0));
