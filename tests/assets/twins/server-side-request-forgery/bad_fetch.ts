import { NextResponse } from 'next/server';

export async function POST(request: Request) {
  const { url } = await request.json();
  const answer = await fetch(url); // FINDING
  return NextResponse.json({ text: await answer.text() });
}
