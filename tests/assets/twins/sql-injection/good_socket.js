const { Server } = require('socket.io');
const { Pool } = require('pg');

const pool = new Pool();
const io = new Server(3000);

io.on('connection', (socket) => {
  socket.on('chat', async ({ room }) => {
    socket.emit('rows', await pool.query('SELECT text FROM messages WHERE room = $1', [room]));
  });
});
