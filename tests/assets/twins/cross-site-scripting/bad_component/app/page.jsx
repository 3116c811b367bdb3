import { Html } from '../components/Html';

export default function Page({ searchParams }) {
  return <Html content={searchParams.message} />;
}
