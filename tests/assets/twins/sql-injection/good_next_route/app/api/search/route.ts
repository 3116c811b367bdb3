import { NextRequest, NextResponse } from 'next/server';
import { prisma } from '@/lib/prisma';

export async function GET(request: NextRequest) {
  const term = request.nextUrl.searchParams.get('q') ?? '';
  const rows = await prisma.$queryRaw`SELECT id, title FROM notes WHERE title LIKE ${`%${term}%`}`;
  return NextResponse.json(rows);
}
