// Shows that the WebSocket library is where the tests expect it.
import * as ws from "ws";

console.log(Object.keys(ws).join(" "));
