import fs from 'node:fs/promises';
import path from 'node:path';
import type { Request, Response } from 'express';

const FOLDER = path.resolve('data');

export async function read(req: Request, res: Response) {
  const file = path.resolve(FOLDER, String(req.query.file));
  if (!file.startsWith(FOLDER + path.sep)) {
    return res.status(400).json({ error: 'not in there' });
  }
  res.json({ text: await fs.readFile(file, 'utf8') });
}
