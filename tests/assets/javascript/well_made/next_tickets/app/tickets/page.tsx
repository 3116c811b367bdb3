import Link from 'next/link';
import { auth } from '@/lib/auth';
import { prisma } from '@/lib/prisma';
export default async function Page({ searchParams }: { searchParams: Promise<{ q?: string }> }) {
  const session = await auth();
  const { q } = await searchParams;
  const tickets = await prisma.ticket.findMany({ where: { ownerId: session!.user.id, title: { contains: q } } });
  return (<main><h1>Results for {q}</h1><form action="/tickets"><input name="q" defaultValue={q} /></form>
    {tickets.map((t) => <Link key={t.id} href={`/tickets/${t.id}`}>{t.title}</Link>)}</main>);
}
