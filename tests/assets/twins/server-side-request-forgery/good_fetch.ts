import { NextResponse } from 'next/server';

export async function POST(request: Request) {
  const { id } = await request.json();
  const answer = await fetch(`https://api.example.com/items/${encodeURIComponent(id)}`);
  return NextResponse.json({ text: await answer.text() });
}
