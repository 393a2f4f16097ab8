// Socket.IO 4 as it comes: everybody is in one room, and a message is emitted to it.
const http = require("node:http");
const net = require("node:net");
const { Server } = require("socket.io");

const server = http.createServer();
const io = new Server(server, { transports: ["websocket"], pingTimeout: 3_600_000 });
io.on("connection", (socket) => socket.join("room"));

let version = 0;
function message() {
  version += 1;
  const held = version % 2 === 1;
  return {
    type: "slot", expertId: "k3v9q0x2ab", epoch: "9f1c2d3e4b5a", version,
    slot: {
      id: "k3v9q0x2ab-hqx5o", start: "2026-12-01T09:00:00Z", end: "2026-12-01T09:30:00Z", state: held ? "held" : "open",
      seats: 1, free: held ? 0 : 1, heldUntil: held ? "2026-12-01T08:12:34.567Z" : null,
    },
  };
}

const control = net.createServer((line) => {
  line.on("data", (data) => {
    for (const number of data.toString().trim().split("\n")) {
      for (let sent = 0; sent < Number(number); sent += 1) io.to("room").emit("slot", message());
    }
  });
  line.on("error", () => {});
});

server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  control.listen(0, "127.0.0.1", () => {
    console.log(JSON.stringify({ port: server.address().port, control: control.address().port }));
  });
});
