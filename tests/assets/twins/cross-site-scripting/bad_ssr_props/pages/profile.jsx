export async function getServerSideProps({ query }) {
  return { props: { bio: query.bio } };
}
export default function Profile({ bio }) {
  return <section dangerouslySetInnerHTML={{ __html: bio }} />; // FINDING
}
