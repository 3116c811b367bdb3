import { NextRequest, NextResponse } from 'next/server';
import { z } from 'zod';
import { auth } from '@/lib/auth';
import { prisma } from '@/lib/prisma';
const Patch = z.object({ title: z.string().max(200).optional(), status: z.enum(['open', 'closed']).optional() });
export async function GET(_: NextRequest, { params }: { params: Promise<{ id: string }> }) {
  const session = await auth();
  if (!session?.user) return NextResponse.json({ error: 'sign in' }, { status: 401 });
  const { id } = await params;
  const ticket = await prisma.ticket.findFirst({ where: { id, ownerId: session.user.id } });
  return ticket ? NextResponse.json(ticket) : NextResponse.json({ error: 'none' }, { status: 404 });
}
export async function PATCH(request: NextRequest, { params }: { params: Promise<{ id: string }> }) {
  const session = await auth();
  if (!session?.user) return NextResponse.json({ error: 'sign in' }, { status: 401 });
  const { id } = await params;
  const body = Patch.safeParse(await request.json());
  if (!body.success) return NextResponse.json({ error: body.error.flatten() }, { status: 400 });
  await prisma.ticket.updateMany({ where: { id, ownerId: session.user.id }, data: body.data });
  return NextResponse.json({ ok: true });
}
export async function DELETE(_: NextRequest, { params }: { params: Promise<{ id: string }> }) {
  const session = await auth();
  if (!session?.user) return NextResponse.json({ error: 'sign in' }, { status: 401 });
  await prisma.ticket.deleteMany({ where: { id: (await params).id, ownerId: session.user.id } });
  return new NextResponse(null, { status: 204 });
}
