const express = require('express');
const helmet = require('helmet');
const session = require('express-session');
const rateLimit = require('express-rate-limit');
const { csrfSync } = require('csrf-sync');
const { Pool } = require('pg');
const bcrypt = require('bcrypt');
const { z } = require('zod');
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
const { csrfSynchronisedProtection } = csrfSync();
const app = express();
app.disable('x-powered-by');
app.use(helmet());
app.use(express.urlencoded({ extended: false, limit: '20kb' }));
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false, cookie: { httpOnly: true, secure: true, sameSite: 'lax' } }));
app.use(csrfSynchronisedProtection);
app.set('view engine', 'ejs');
const Login = z.object({ email: z.string().email(), password: z.string().min(8), next: z.string().optional() });
const requireUser = (req, res, next) => (req.session.userId ? next() : res.redirect('/login'));
app.post('/login', rateLimit({ max: 5 }), async (req, res) => {
  const form = Login.safeParse(req.body);
  if (!form.success) return res.status(400).render('login', { error: 'Check the form' });
  const { rows } = await pool.query('SELECT id, password_hash FROM users WHERE email = $1', [form.data.email]);
  if (!rows.length || !(await bcrypt.compare(form.data.password, rows[0].password_hash))) {
    return res.status(401).render('login', { error: 'Wrong e-mail or password', email: form.data.email });
  }
  req.session.regenerate((error) => {
    if (error) return res.sendStatus(500);
    req.session.userId = rows[0].id;
    req.session.email = form.data.email;
    const next = form.data.next;
    res.redirect(next && /^\/[a-z0-9/-]*$/.test(next) && !next.startsWith('//') ? next : '/');
  });
});
app.get('/orders', requireUser, async (req, res) => {
  const page = Math.max(1, Number.parseInt(req.query.page, 10) || 1);
  const sort = { date: 'created_at', total: 'total_cents' }[req.query.sort] ?? 'created_at';
  const { rows } = await pool.query(`SELECT * FROM orders WHERE user_id = $1 ORDER BY ${sort} DESC LIMIT 20 OFFSET $2`, [req.session.userId, (page - 1) * 20]);
  res.render('orders', { orders: rows, page, query: req.query.q });
});
app.get('/orders/:id', requireUser, async (req, res) => {
  const { rows } = await pool.query('SELECT * FROM orders WHERE id = $1 AND user_id = $2', [req.params.id, req.session.userId]);
  if (!rows.length) return res.status(404).send('No such order');
  res.set('Content-Disposition', `attachment; filename="order-${rows[0].id}.json"`);
  res.json(rows[0]);
});
app.post('/orders/:id/note', requireUser, async (req, res) => {
  const note = String(req.body.note ?? '').slice(0, 500);
  await pool.query('UPDATE orders SET note = $1 WHERE id = $2 AND user_id = $3', [note, req.params.id, req.session.userId]);
  res.redirect(`/orders/${encodeURIComponent(req.params.id)}`);
});
app.use((err, req, res, next) => {
  console.error('request failed', err);
  res.status(500).render('error', { message: 'Something went wrong' });
});
app.listen(process.env.PORT);
