const express = require('express');
const nodemailer = require('nodemailer');
const app = express();
app.use(express.json());
const mailer = nodemailer.createTransport({ host: 'mail', port: 25 });
app.post('/contact', async (req, res) => {
  const raw = `To: help@example.com\r\nSubject: ${req.body.subject}\r\n\r\nHello`;
  await mailer.sendMail({ envelope: { from: 'app@example.com', to: 'help@example.com' }, raw }); // FINDING
  res.json({ ok: true });
});
