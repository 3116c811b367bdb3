import { Html } from '../components/Html';

export default function Page({ searchParams }) {
  return <Html content={searchParams.kind === 'new' ? '<b>New</b>' : '<i>Old</i>'} />;
}
