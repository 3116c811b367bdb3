import Handlebars from 'handlebars';
import type { Request, Response } from 'express';

export function preview(req: Request, res: Response) {
  const template = Handlebars.compile(req.body.template); // FINDING
  res.json({ text: template({ name: 'you' }) });
}
