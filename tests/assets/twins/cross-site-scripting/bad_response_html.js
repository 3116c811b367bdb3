import { Hono } from 'hono';

const app = new Hono();

app.get('/', (c) => c.html(`<p>${c.req.query('q')}</p>`)); // FINDING
