import { db } from './db';
import { users } from './schema';
import { NextRequest, NextResponse } from 'next/server';
export async function PATCH(request: NextRequest) {
  const body = await request.json();
  await db.update(users).set({ name: String(body.name) });
  return NextResponse.json({ ok: true });
}
