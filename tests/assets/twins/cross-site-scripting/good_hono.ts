import { Hono } from 'hono';
import { html } from 'hono/html';
const app = new Hono();
app.get('/', (c) => c.html(html`<h1>${c.req.query('name')}</h1>`));
export default app;
