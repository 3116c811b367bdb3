const express = require('express');
const nodemailer = require('nodemailer');
const app = express();
app.use(express.json());
const mailer = nodemailer.createTransport({ host: 'mail', port: 25 });
app.post('/contact', async (req, res) => {
  await mailer.sendMail({ from: 'app@example.com', to: 'help@example.com', subject: req.body.subject, text: 'Hello' });
  res.json({ ok: true });
});
