// One WebSocket conversation by the library "ws", told by its arguments; what happened is printed as JSON.
//
//     node websocket.mjs URL STEP...
//
// Steps: text:WORDS, repeat:N (a text of N bytes), binary:HEX, pieces:A,B,C (one message in fragments), ping:TEXT,
// close:CODE:REASON, wait (until the server closes). Options: protocol=NAME, ca=FILE.
import { readFileSync } from "node:fs";
import WebSocket from "ws";

const [url, ...words] = process.argv.slice(2);
const steps = words.filter((word) => !/^(protocol|ca)=/.test(word));
const option = (name) => words.find((word) => word.startsWith(name + "="))?.slice(name.length + 1);

const seen = { protocol: null, messages: [], pongs: [], close: null, error: null };
const ca = option("ca");
const socket = new WebSocket(url, option("protocol") ?? [], { handshakeTimeout: 5000, ca: ca && readFileSync(ca) });

function next() {
    const [kind, ...rest] = (steps.shift() ?? "close:1000:done").split(":");
    const value = rest.join(":");
    if (kind === "text") socket.send(value);
    else if (kind === "repeat") socket.send("x".repeat(Number(value)));
    else if (kind === "binary") socket.send(Buffer.from(value, "hex"));
    else if (kind === "pieces") {
        const pieces = value.split(",");
        pieces.forEach((piece, i) => socket.send(piece, { fin: i === pieces.length - 1 }));
    } else if (kind === "ping") socket.ping(value);
    else if (kind === "close") socket.close(Number(rest[0]), rest[1]);
    else if (kind === "wait") console.log("waiting");
    else throw new Error(`no such step: ${kind}`);
}

socket.on("open", () => {
    seen.protocol = socket.protocol;
    next();
});
socket.on("message", (data, isBinary) => {
    if (isBinary) seen.messages.push({ hex: data.toString("hex") });
    else seen.messages.push(data.length > 1000 ? { length: data.length } : { text: data.toString() });
    next();
});
socket.on("pong", (data) => {
    seen.pongs.push(data.toString());
    next();
});
socket.on("unexpected-response", (_, response) => {
    seen.error = response.statusCode;
    socket.terminate();
});
socket.on("error", (error) => (seen.error ??= error.message));
socket.on("close", (code, reason) => {
    seen.close = [code, reason.toString()];
    console.log(JSON.stringify(seen));
});
