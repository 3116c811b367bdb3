export function Html({ content }) {
  return <div dangerouslySetInnerHTML={{ __html: content }} />;
}
