import Fastify from 'fastify';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import jwt from '@fastify/jwt';
import multipart from '@fastify/multipart';
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MongoClient, ObjectId } from 'mongodb';
const app = Fastify({ logger: true, bodyLimit: 1_048_576 });
const db = new MongoClient(process.env.MONGO_URL!).db('app');
await app.register(helmet);
await app.register(cors, { origin: ['https://app.example.com'], credentials: true });
await app.register(rateLimit, { max: 100 });
await app.register(jwt, { secret: process.env.JWT_SECRET! });
await app.register(multipart, { limits: { fileSize: 5_000_000 } });
app.addHook('onRequest', async (request) => { await request.jwtVerify(); });
const UPLOADS = path.resolve('uploads');
const TYPES: Record<string, string> = { 'image/png': '.png', 'image/jpeg': '.jpg' };
app.get('/items', { schema: { querystring: { type: 'object', properties: { kind: { enum: ['a', 'b'] }, limit: { type: 'integer', maximum: 100 } } } } }, async (request: any) => {
  const { kind, limit = 20 } = request.query;
  return db.collection('items').find({ kind, owner: request.user.sub }).limit(limit).toArray();
});
app.get('/items/:id', async (request: any, reply) => {
  const item = await db.collection('items').findOne({ _id: new ObjectId(request.params.id), owner: request.user.sub });
  if (!item) return reply.code(404).send({ error: 'none' });
  return item;
});
app.post('/upload', async (request: any, reply) => {
  const part = await request.file();
  const ending = TYPES[part.mimetype];
  if (!ending) return reply.code(415).send({ error: 'pictures only' });
  const name = `${randomUUID()}${ending}`;
  await pipeline(part.file, createWriteStream(path.join(UPLOADS, name)));
  request.log.info({ name, from: request.user.sub }, 'kept');
  return { name };
});
app.delete('/items/:id', async (request: any, reply) => {
  await db.collection('items').deleteOne({ _id: new ObjectId(request.params.id), owner: request.user.sub });
  return reply.code(204).send();
});
await app.listen({ port: Number(process.env.PORT) });
