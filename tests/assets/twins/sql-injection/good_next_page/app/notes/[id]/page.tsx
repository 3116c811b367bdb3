import { Pool } from 'pg';

const pool = new Pool();

export default async function NotePage({ params }: { params: { id: string } }) {
  const id = Number.parseInt(params.id, 10);
  const { rows } = await pool.query(`SELECT title FROM notes WHERE id = ${id}`);
  return <h1>{rows[0].title}</h1>;
}
