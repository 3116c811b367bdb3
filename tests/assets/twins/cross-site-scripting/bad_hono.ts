import { Hono } from 'hono';
const app = new Hono();
app.get('/', (c) => c.html(`<h1>${c.req.query('name')}</h1>`)); // FINDING
export default app;
