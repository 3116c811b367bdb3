export async function getServerSideProps(context) {
  const ok = ['/home', '/me'].includes(context.query.next);
  return { redirect: { destination: ok ? context.query.next : '/home', permanent: false } };
}
export default function Page() { return null; }
