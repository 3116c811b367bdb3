export async function getServerSideProps({ query }) {
  return { props: { bio: query.bio } };
}
export default function Profile({ bio }) {
  return <section>{bio}</section>;
}
