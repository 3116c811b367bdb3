import { db } from './db';
import { users } from './schema';
import { NextRequest, NextResponse } from 'next/server';
export async function PATCH(request: NextRequest) {
  const body = await request.json();
  await db.update(users).set(body); // FINDING
  return NextResponse.json({ ok: true });
}
