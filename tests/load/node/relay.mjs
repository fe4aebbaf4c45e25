/**
 * What Concord's relay is measured against: the official Socket.IO server, doing the same. It verifies the token, lets
 * sockets into rooms, and passes an offer on if both are in one room.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const secret = process.env.SECRET;

/** Who a token speaks for; null if it does not count. */
function verified(token) {
  const [head, claims, signature] = String(token).split('.');
  const wanted = createHmac('sha256', secret).update(`${head}.${claims}`).digest();
  const given = Buffer.from(signature ?? '', 'base64url');
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null;
  const { sub, exp } = JSON.parse(Buffer.from(claims, 'base64url'));
  return exp * 1000 > Date.now() ? sub : null;
}

const http = createServer();
const io = new Server(http);
io.use((socket, next) => {
  socket.data.user = verified(socket.handshake.auth.token);
  next(socket.data.user ? undefined : new Error('AUTHENTICATION_FAILED'));
});
io.on('connection', (socket) => {
  socket.on('join-room', ({ roomId, userId }) => {
    if (userId !== socket.data.user) return socket.emit('error', { code: 'PERMISSION_DENIED' });
    socket.data.room = roomId;
    socket.join(roomId);
    socket.emit('room-joined', { roomId, participants: [] });
  });
  socket.on('offer', ({ offer, to }) => {
    const room = socket.data.room;
    const other = io.sockets.sockets.get(to);
    if (!room || other?.data.room !== room || !offer?.sdp) return socket.emit('error', { code: 'PERMISSION_DENIED' });
    other.emit('offer', { offer, from: socket.id });
  });
});
http.listen(0, '127.0.0.1', () => console.log(`Node's Socket.IO serves on http://127.0.0.1:${http.address().port}`));
