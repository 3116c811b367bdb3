'use server';

import { sql } from '@vercel/postgres';

export async function renameNote(id: number, formData: FormData) {
  const title = formData.get('title');
  await sql.query(`UPDATE notes SET title = '${title}' WHERE id = ${id}`); // FINDING
}
