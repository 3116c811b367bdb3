import { Hono } from 'hono';
import { html } from 'hono/html';

const app = new Hono();

app.get('/', (c) => c.html(html`<p>${c.req.query('q')}</p>`));
