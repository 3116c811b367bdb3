export default async function Page({ searchParams }: { searchParams: Promise<{ q: string }> }) {
  const { q } = await searchParams;
  return <div dangerouslySetInnerHTML={{ __html: `Results for ${q}` }} />; // FINDING
}
