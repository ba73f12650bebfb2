// @ts-check
/**
 * Calls of kitfox's services from a web page: all four kinds, over one WebSocket.
 *
 *     import { connect } from "/kitfox.js";
 *     const connection = connect("/");
 *     const user = await connection.call("/acme.v1.Users/Get", { id: 1 }, { timeout: 500 });
 *     for await (const change of connection.stream("/acme.v1.Users/Watch")) show(change);
 *
 * It speaks the subprotocol `kitfox.json`, which docs/websocket.md specifies.
 */

const WINDOW = 16; // items of a stream that may be on their way before the reader has granted more
const GRANT = WINDOW / 2; // one grant for so many items taken
const FIRST_WAIT = 250; // milliseconds, at most, before the first attempt after a loss
const LONGEST_WAIT = 10_000;
const BROKE_THE_RULES = 4002; // a script may close with codes from 4000 on, and with 1000
const LONGEST_TIMER = 2 ** 31 - 1; // what setTimeout can count

/** The canonical RPC codes, by their numbers. */
const CODES = [
  "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
  "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
  "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
];

/**
 * A message: an object with the fields that the method's document names.
 * @typedef {Record<string, any>} Message
 */

/**
 * What a method is called with: one message, or, when it streams its requests, many.
 * @typedef {Message | Iterable<Message> | AsyncIterable<Message>} Requests
 */

/**
 * @typedef {object} CallOptions
 * @property {number} [timeout] milliseconds until the call fails with DEADLINE_EXCEEDED, here and
 *   at the server; without it, the connection's
 * @property {AbortSignal} [signal] gives the call up; it then fails with the signal's reason
 * @property {Record<string, string>} [metadata] goes along with the request; keys in lower case
 * @property {(metadata: Record<string, string>) => void} [onMetadata] is told what the end brought
 */

/**
 * @typedef {object} ConnectOptions
 * @property {string} [token] what the server asks for
 * @property {number} [timeout] milliseconds, for calls that say none; without it, for ever
 * @property {number} [patience] milliseconds that a call may wait for a connection; 10 000
 * @property {number} [limit] bytes of the largest message that may be sent; 4 MiB
 */

/**
 * Whom a call tells what becomes of it.
 * @typedef {object} Listener
 * @property {((item: Message) => void) | null} item takes a reply of a stream; null: expects none
 * @property {(error: unknown, reply: Message | null) => void} end is told once that it is over
 */

/** A call that failed. */
export class RPCError extends Error {
  /**
   * @param {string} code one of the canonical codes, such as "NOT_FOUND"
   * @param {string} message for people
   * @param {{details?: Record<string, any>, metadata?: Record<string, string>,
   *   unsent?: boolean}} more
   */
  constructor(code, message, { details = {}, metadata = {}, unsent = false } = {}) {
    super(message);
    this.name = "RPCError";
    this.code = code;
    /** What the service says to programs. */
    this.details = details;
    this.metadata = metadata;
    /** Whether the call surely never began, so that it may be made again. */
    this.unsent = unsent;
  }
}

/**
 * Return a connection, which opens a WebSocket when a call needs it, and again after a loss.
 * @param {string | URL} url where the server has its WebSockets; in a page, relative to it
 * @param {ConnectOptions} options
 */
export function connect(url = "/", options = {}) {
  return new Connection(url, options);
}

/** Makes calls over one WebSocket at a time. */
class Connection {
  #url;
  #protocols = ["kitfox.json"];
  #timeout;
  #patience;
  #limit;
  /** @type {Link | null} */
  #link = null;
  /** @type {Promise<Link | null> | null} an attempt that all calls wait for */
  #dialling = null;
  #losses = 0; // of links and attempts, since one last stood
  /** @type {Set<Call>} */
  #calls = new Set();
  #closed = false;

  /** @param {string | URL} url @param {ConnectOptions} options */
  constructor(url, { token, timeout = Infinity, patience = 10_000, limit = 4 << 20 }) {
    this.#url = new URL(url, globalThis.location?.href);
    this.#url.protocol = this.#url.protocol.replace("http", "ws");
    if (!/^wss?:$/.test(this.#url.protocol)) throw new TypeError(`${url} is for no WebSocket`);
    this.#timeout = timeout;
    this.#patience = patience;
    this.#limit = limit;
    if (token !== undefined) this.#protocols.push(`kitfox.bearer.${base64url(token)}`);
  }

  /**
   * Call a method that has one reply, and return it.
   * @param {string} path the method's, as in "/acme.v1.Users/Get"
   * @param {Requests} requests
   * @param {CallOptions} options
   * @returns {Promise<Message>}
   */
  call(path, requests = {}, options = {}) {
    return new Promise((resolve, reject) => {
      this.#start(path, requests, options, {
        item: null,
        end: (error, reply) => (error ? reject(error) : resolve(reply ?? {})),
      });
    });
  }

  /**
   * Call a method that streams its replies, and return an iterator over them. The call begins with
   * the first `next()`, and is given up when a `for await` breaks off.
   * @param {string} path
   * @param {Requests} requests
   * @param {CallOptions} options
   * @returns {AsyncIterableIterator<Message>}
   */
  stream(path, requests = {}, options = {}) {
    return new Replies((listener) => this.#start(path, requests, options, listener));
  }

  /** Close it: no call starts any more, and those that are not over fail. */
  close() {
    this.#closed = true;
    for (const call of [...this.#calls]) call.end(unavailable("the connection was closed"));
    this.#link?.leave();
  }

  /**
   * @param {string} path @param {Requests} requests @param {CallOptions} options
   * @param {Listener} listener
   */
  #start(path, requests, options, listener) {
    const limits = { timeout: this.#timeout, patience: this.#patience };
    const call = new Call(path, requests, { ...limits, ...options }, {
      item: listener.item,
      end: (error, reply) => {
        this.#calls.delete(call);
        listener.end(error, reply);
      },
    });
    this.#calls.add(call);
    call.watch();
    if (this.#closed) call.end(unavailable("the connection is closed", true));
    this.#place(call);
    return call;
  }

  /** Give a call to a link that takes it. @param {Call} call */
  async #place(call) {
    try {
      while (!call.over && !call.begun) {
        const link = await this.#linked();
        if (!call.over) link?.begin(call, (again) => this.#place(again));
      }
    } catch (error) {
      call.end(error); // the browser forbids this WebSocket
    }
  }

  /** Return the link that stands, or else what comes of the next attempt. */
  async #linked() {
    if (this.#link?.open) return this.#link;
    this.#dialling ??= this.#dial().finally(() => (this.#dialling = null));
    return this.#dialling;
  }

  /** Try to open a link; null when nobody can be reached. @returns {Promise<Link | null>} */
  async #dial() {
    const most = Math.min(FIRST_WAIT * 2 ** (this.#losses - 1), LONGEST_WAIT);
    // After a loss all pages come back: not all at once.
    if (this.#losses) await new Promise((resolve) => setTimeout(resolve, Math.random() * most));
    this.#losses += 1;
    this.#link = await opened(this.#url, this.#protocols, this.#limit);
    if (this.#link) this.#losses = 1;
    if (this.#closed) this.#link?.leave();
    return this.#link;
  }
}

/**
 * Open a WebSocket, and return null when that does not succeed within ten seconds.
 * @param {URL} url @param {string[]} protocols @param {number} limit
 * @returns {Promise<Link | null>}
 */
function opened(url, protocols, limit) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, protocols);
    const timer = setTimeout(() => socket.close(), LONGEST_WAIT);
    socket.onopen = () => {
      clearTimeout(timer);
      resolve(new Link(socket, limit));
    };
    socket.onclose = () => {
      clearTimeout(timer);
      resolve(null);
    };
  });
}

/** Carries calls. States: open → leaving (the running calls end, none starts) → lost. */
class Link {
  open = true;
  #socket;
  #limit;
  #last = 0; // number of a call
  /** @type {Map<number, {call: Call, again: (call: Call) => void}>} */
  #calls = new Map();

  /** @param {WebSocket} socket @param {number} limit */
  constructor(socket, limit) {
    this.#socket = socket;
    this.#limit = limit;
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#lose(`${event.code} ${event.reason}`.trimEnd());
  }

  /**
   * Begin a call; `again` is what to do with it when the server refuses to.
   * @param {Call} call @param {(call: Call) => void} again
   */
  begin(call, again) {
    const number = (this.#last += 1);
    this.#calls.set(number, { call, again });
    call.begin(this, number);
  }

  /** Forget a call that is over. @param {number} number */
  forget(number) {
    this.#calls.delete(number);
    if (!this.open) this.leave();
  }

  /** Take no further call, and close the WebSocket after the last one. */
  leave() {
    this.open = false;
    if (!this.#calls.size) this.#socket.close(1000);
  }

  /** Send a frame; raise RPCError when it is too long. @param {unknown[]} frame */
  send(frame) {
    const text = JSON.stringify(frame);
    const most = this.#limit;
    if (text.length * 3 > most && new TextEncoder().encode(text).length > most) {
      throw new RPCError("RESOURCE_EXHAUSTED", `the message is longer than ${most} bytes`);
    }
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** @param {string} why */
  #lose(why) {
    this.open = false;
    const error = () => unavailable(`the connection was lost before the reply: ${why}`);
    for (const { call } of [...this.#calls.values()]) call.answer(error());
  }

  /** @param {string} text */
  #receive(text) {
    try {
      const [kind, number, ...rest] = JSON.parse(text);
      if (kind === "away") this.leave();
      else this.#advance(kind, this.#calls.get(number), rest);
    } catch (error) {
      this.#socket.close(BROKE_THE_RULES);
      this.#lose(`what the server says is no frame: ${error}`);
    }
  }

  /**
   * @param {string} kind @param {{call: Call, again: (call: Call) => void} | undefined} known
   * @param {any[]} rest
   */
  #advance(kind, known, rest) {
    if (!known) return; // it is over here already
    const { call, again } = known;
    if (kind === "item") call.take(rest[0]);
    else if (kind === "credit") call.grant(rest[0]);
    else if (kind === "reply") call.reply(rest[0] ?? null, rest[1]);
    else if (kind === "failure") call.fail(rest[0], rest[1], rest[2], rest[3]);
    else if (kind === "refused") this.#refused(call, again);
    else throw new Error(`there is no frame ${kind}`);
  }

  /** @param {Call} call @param {(call: Call) => void} again */
  #refused(call, again) {
    this.open = false;
    if (call.withdraw()) again(call);
    else call.answer(unavailable("the server is stopping", true));
  }
}

/** One call. States: waiting for a link → begun → over; a refusal leads back to waiting. */
class Call {
  over = false;
  /** @type {Link | null} */
  #link = null;
  #number = 0;
  #path;
  #requests;
  #iterate;
  #options;
  #listener;
  #due;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #deadline;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #patience;
  /** @type {Iterator<Message> | AsyncIterator<Message> | null} the requests, while they are sent */
  #feeding = null;
  #credit = WINDOW;
  #granted = new Bell();

  /**
   * @param {string} path @param {Requests} requests
   * @param {CallOptions & {timeout: number, patience: number}} options @param {Listener} listener
   */
  constructor(path, requests, options, listener) {
    this.#path = path;
    this.#requests = requests;
    this.#iterate = iteratorOf(requests);
    this.#options = options;
    this.#listener = listener;
    this.#due = performance.now() + options.timeout;
  }

  get begun() {
    return this.#link !== null;
  }

  /** End the call at its deadline, when its signal says so, or when no link comes. */
  watch() {
    const { timeout, signal } = this.#options;
    const error = () => new RPCError("DEADLINE_EXCEEDED", `the deadline of ${timeout} ms passed`);
    this.#deadline = later(timeout, () => this.end(error()));
    this.#wait();
    signal?.addEventListener("abort", this.#abort);
    if (signal?.aborted) this.#abort();
  }

  /** Begin over a link. @param {Link} link @param {number} number */
  begin(link, number) {
    clearTimeout(this.#patience);
    this.#link = link;
    this.#number = number;
    const left = this.#due === Infinity ? null : Math.max(0, this.#due - performance.now()) / 1000;
    const body = this.#iterate ? null : this.#requests;
    this.#say("request", this.#path, body, this.#options.metadata ?? {}, left);
    if (this.#iterate && !this.over) this.#feed(this.#iterate);
  }

  /** Take back a call that its server never began; false when some of its requests are gone. */
  withdraw() {
    if (this.#feeding) return false;
    this.#link?.forget(this.#number);
    this.#link = null;
    this.#wait();
    return true;
  }

  /** Take a reply of a stream. @param {Message} item */
  take(item) {
    if (this.#listener.item) this.#listener.item(item);
    else this.end(otherKind(this.#path, "stream()"));
  }

  /** Grant the server so many more replies. @param {number} items */
  allow(items) {
    this.#say("credit", items);
  }

  /** Take credit for requests. @param {number} items */
  grant(items) {
    this.#credit += items;
    this.#granted.ring();
  }

  /**
   * End with the server's reply.
   * @param {Message | null} body @param {Record<string, string>} metadata
   */
  reply(body, metadata = {}) {
    const streams = this.#listener.item !== null;
    const fits = (body === null) === streams;
    this.#tell(metadata);
    this.answer(fits ? null : otherKind(this.#path, streams ? "call()" : "stream()"), body);
  }

  /**
   * End with the server's error.
   * @param {number} code @param {string} message
   * @param {Record<string, any>} details @param {Record<string, string>} metadata
   */
  fail(code, message = "", details = {}, metadata = {}) {
    this.#tell(metadata);
    this.answer(new RPCError(CODES[code] ?? "UNKNOWN", message, { details, metadata }));
  }

  /**
   * End with the last word of the server, or about it.
   * @param {unknown} error @param {Message | null} body
   */
  answer(error, body = null) {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.#deadline);
    clearTimeout(this.#patience);
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#link?.forget(this.#number);
    this.#granted.ring();
    if (this.#feeding) leave(this.#feeding);
    this.#listener.end(error, body);
  }

  /** End from here: the server is told that the call is given up. @param {unknown} error */
  end(error) {
    if (!this.over) this.#link?.send(["cancel", this.#number]);
    this.answer(error || new RPCError("CANCELLED", "the call was given up"));
  }

  #abort = () => this.end(this.#options.signal?.reason);

  #wait() {
    const { patience } = this.#options;
    const why = `no connection within ${patience} ms: nobody is there, or they refuse`;
    this.#patience = later(patience, () => this.end(unavailable(why, true)));
  }

  /**
   * Tell the caller what came with the end; an error of its own is not the call's.
   * @param {Record<string, string>} metadata
   */
  async #tell(metadata) {
    await null;
    this.#options.onMetadata?.(metadata);
  }

  /** Send a frame about this call. @param {string} kind @param {unknown[]} rest */
  #say(kind, ...rest) {
    try {
      this.#link?.send([kind, this.#number, ...rest]);
    } catch (error) {
      this.end(error); // it is too long, or JSON cannot say it
    }
  }

  /**
   * Send the requests, as the server grants them.
   * @param {() => Iterator<Message> | AsyncIterator<Message>} iterate
   */
  async #feed(iterate) {
    try {
      const requests = (this.#feeding = iterate());
      let step = await requests.next();
      while (!step.done && (await this.#spend())) {
        this.#say("item", step.value);
        step = await requests.next();
      }
      if (!this.over) this.#say("end");
    } catch (error) {
      this.end(error); // the iterator's own: the caller is told
    }
  }

  /** Wait for credit for one request, and use it; false when the call is over. */
  async #spend() {
    while (!this.#credit && !this.over) await this.#granted.rung();
    this.#credit -= 1;
    return !this.over;
  }
}

/**
 * The replies of a call, which begins with the first `next()`.
 * @implements {AsyncIterableIterator<Message>}
 */
class Replies {
  #start;
  /** @type {Call | null} */
  #call = null;
  /** @type {Message[]} */
  #items = [];
  #taken = 0; // and not granted anew
  #over = false;
  /** @type {unknown} */
  #error = null;
  #news = new Bell();

  /** @param {(listener: Listener) => Call} start */
  constructor(start) {
    this.#start = start;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** @returns {Promise<IteratorResult<Message>>} */
  async next() {
    if (!this.#call && !this.#over) this.#begin();
    while (!this.#items.length) {
      if (this.#over) return this.#last();
      await this.#news.rung();
    }
    this.#took();
    return { done: false, value: /** @type {Message} */ (this.#items.shift()) };
  }

  /** Give the call up. @returns {Promise<IteratorResult<Message>>} */
  async return() {
    this.#call?.end(null);
    this.#items = [];
    this.#end(null);
    return { done: true, value: undefined };
  }

  #begin() {
    this.#call = this.#start({
      item: (item) => this.#put(item),
      end: (error) => this.#end(error),
    });
  }

  /** @param {Message} item */
  #put(item) {
    if (this.#items.length + this.#taken >= WINDOW) throw new Error(`more than ${WINDOW} items`);
    this.#items.push(item);
    this.#news.ring();
  }

  /** @param {unknown} error */
  #end(error) {
    this.#over = true;
    this.#error = error;
    this.#news.ring();
  }

  #took() {
    this.#taken += 1;
    if (this.#taken === GRANT && !this.#over) {
      this.#taken = 0;
      this.#call?.allow(GRANT);
    }
  }

  /** @returns {IteratorResult<Message>} */
  #last() {
    const error = this.#error;
    this.#error = null;
    if (error) throw error;
    return { done: true, value: undefined };
  }
}

/** Wakes all who wait for it. */
class Bell {
  #wake = () => {};
  /** @type {Promise<void> | null} */
  #rung = null;

  rung() {
    this.#rung ??= new Promise((resolve) => (this.#wake = resolve));
    return this.#rung;
  }

  ring() {
    this.#wake();
    this.#rung = null;
  }
}

/**
 * Do something once so many milliseconds have passed.
 * @param {number} wait @param {() => void} act
 */
function later(wait, act) {
  return wait > LONGEST_TIMER ? undefined : setTimeout(act, wait);
}

/**
 * Return what iterates over a stream of requests, or null for one message.
 * @param {any} requests
 */
function iteratorOf(requests) {
  if (Object(requests) !== requests) throw new TypeError("a message is an object");
  const method = requests[Symbol.asyncIterator] ?? requests[Symbol.iterator];
  return method ? () => method.call(requests) : null;
}

/**
 * Tell an iterator that nobody wants more of it.
 * @param {Iterator<Message> | AsyncIterator<Message>} iterator
 */
async function leave(iterator) {
  try {
    await iterator.return?.();
  } catch {
    // The call has its outcome already.
  }
}

/** @param {string} message @param {boolean} unsent */
function unavailable(message, unsent = false) {
  return new RPCError("UNAVAILABLE", message, { unsent });
}

/** @param {string} path @param {string} method that is the right one */
function otherKind(path, method) {
  return new RPCError("UNIMPLEMENTED", `${path} is of another kind: use ${method}`);
}

/** @param {string} text */
function base64url(text) {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
