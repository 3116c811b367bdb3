import type { ReactNode } from 'react';

type Props<T extends object = {}> = { readonly items: T[]; render: (item: T) => ReactNode } & Partial<Record<'a' | 'b', string>>;
enum Kind { A = 'a', B = 'b' }
declare global { interface Window { kind: Kind } }
abstract class Base<T> { protected abstract get(): T; constructor(private readonly kind: Kind) {} }

export function List<T extends object>({ items, render }: Props<T>): ReactNode {
  const first = items[0]!;
  const kinds = { a: Kind.A } satisfies Record<string, Kind>;
  return <>{items.map((item) => render(item as T))}<b data-kind={kinds.a}>{String(first)}</b></>;
}
