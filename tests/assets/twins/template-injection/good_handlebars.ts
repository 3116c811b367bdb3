import Handlebars from 'handlebars';
import type { Request, Response } from 'express';

const template = Handlebars.compile('Hello {{name}}');

export function preview(req: Request, res: Response) {
  res.json({ text: template({ name: req.body.name }) });
}
