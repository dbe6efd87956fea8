import assert from 'node:assert/strict';

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** The samples of one scrape. */
export class Samples {
  readonly #samples: readonly Sample[];

  constructor(samples: readonly Sample[]) {
    this.#samples = samples;
  }

  /** Returns the value of the only series with exactly these labels. Throws if there is no such series. */
  get(name: string, labels: Labels = {}): number {
    const found = this.#samples.filter((sample) => sample.name === name && isEqual(sample.labels, labels));
    assert.equal(found.length, 1, `${name}${JSON.stringify(labels)}`);
    return found[0]!.value;
  }

  has(name: string): boolean {
    return this.find(name).length > 0;
  }

  /** Returns the labels of each series of the metric. */
  find(name: string): Labels[] {
    return this.#samples.filter((sample) => sample.name === name).map(({ labels }) => labels);
  }

  /** Returns each series as text. */
  names(): string[] {
    return this.#samples.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`).sort();
  }

  /** Returns the values of a label in all series. */
  labels(label: string): string[] {
    return this.#samples.flatMap(({ labels }) => labels[label] ?? []);
  }
}

/** Parses the Prometheus text format. Throws if a line does not match the format. */
export function samplesOf(text: string): Samples {
  assert.ok(text.endsWith('\n'));
  const lines = text.slice(0, -1).split('\n');
  return new Samples(
    lines
      .filter((line) => !line.startsWith('#'))
      .map((line) => {
        const [, name, , labels = '', value] = /^([a-z][a-z0-9_]*)(\{(.*)\})? (\S+)$/.exec(line) ?? [];
        assert.ok(name !== undefined && !Number.isNaN(Number(value)), line);
        const pairs = [...labels.matchAll(/([a-z_][a-z0-9_]*)="((?:[^"\\]|\\.)*)",?/g)];
        assert.equal(pairs.map(([whole]) => whole).join(''), labels, line);
        return {
          name,
          labels: Object.fromEntries(pairs.map(([, label, text]) => [label, text])) as Labels,
          value: Number(value),
        };
      }),
  );
}

function isEqual(one: Labels, other: Labels): boolean {
  const entries = Object.entries(one);
  return (
    entries.length === Object.keys(other).length && entries.every(([name, value]) => other[name] === value)
  );
}
