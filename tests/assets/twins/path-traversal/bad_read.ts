import fs from 'node:fs/promises';
import path from 'node:path';
import type { Request, Response } from 'express';

const FOLDER = path.resolve('data');

export async function read(req: Request, res: Response) {
  const file = path.resolve(FOLDER, String(req.query.file));
  res.json({ text: await fs.readFile(file, 'utf8') }); // FINDING
}
