import { Pool } from 'pg';

const pool = new Pool();

export default async function NotePage({ params }: { params: { id: string } }) {
  const { rows } = await pool.query(`SELECT title FROM notes WHERE id = ${params.id}`); // FINDING
  return <h1>{rows[0].title}</h1>;
}
