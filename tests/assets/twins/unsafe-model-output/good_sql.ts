import OpenAI from 'openai';
import { Pool } from 'pg';

const openai = new OpenAI();
const pool = new Pool();

export async function ask(question: string) {
  const answer = await openai.chat.completions.create({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: question }],
  });
  const name = answer.choices[0].message.content ?? '';
  return pool.query('SELECT * FROM products WHERE name = $1', [name]);
}
