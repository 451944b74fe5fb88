// A titled block of the page, a landmark that the header's links jump to.
import type { ComponentChildren } from 'preact';

interface Props {
  id: string;
  title: string;
  /** One line: what one sees here. */
  hint?: ComponentChildren;
  aside?: ComponentChildren;
  children: ComponentChildren;
}

export function Section({ id, title, hint, aside, children }: Props) {
  return (
    <section id={id} class="section" aria-labelledby={`${id}-title`} tabIndex={-1}>
      <div class="section-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </div>
      {hint && <p class="hint">{hint}</p>}
      {children}
    </section>
  );
}
