export const revalidate = 1;

export default function Page() {
  return <h1>{`made at ${Date.now()}`}</h1>;
}
