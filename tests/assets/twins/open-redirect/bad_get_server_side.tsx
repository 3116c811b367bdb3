export async function getServerSideProps(context) {
  return { redirect: { destination: context.query.next, permanent: false } }; // FINDING
}
export default function Page() { return null; }
