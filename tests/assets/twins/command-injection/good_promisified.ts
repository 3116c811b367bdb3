import { exec } from 'node:child_process';
import { promisify } from 'node:util';
import type { Request, Response } from 'express';

const run = promisify(exec);
const FORMATS = ['jpg', 'webp'] as const;

export async function convert(req: Request, res: Response) {
  const format = req.body.format.trim();
  if (!FORMATS.includes(format)) throw new Error('unknown format');
  const { stdout } = await run('convert in.png out.' + format);
  res.json({ stdout });
}
