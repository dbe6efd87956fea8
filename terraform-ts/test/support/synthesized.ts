import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type App, Testing } from 'cdktf';
import { readConfig } from '../../config/config';
import type { Env } from '../../config/environment';
import { ElbInventoryStack } from '../../stack';
import { source, variants } from './variants';

type Json = Record<string, unknown>;
/** A resource in the JSON. */
export type Block = Record<string, any>;

/** The JSON of a stack. */
export class Synthesized {
  readonly json: {
    readonly resource: Record<string, Record<string, Block>>;
    readonly data: Record<string, Record<string, Block>>;
    readonly output: Record<string, Block>;
    readonly provider: Record<string, Block[]>;
    readonly terraform: Block;
  };
  constructor(readonly text: string) {
    this.json = JSON.parse(text) as this['json'];
  }

  /** Returns all resources of the type by construct path, which cdktf joins with underscores and a hash. */
  all(type: string): Record<string, Block> {
    const named = Object.entries(this.json.resource[type] ?? {});
    return Object.fromEntries(
      named.map(([name, block]) => [name.replace(/_[0-9A-F]{8}$/, '').replace('_', '/'), block]),
    );
  }

  /** Returns the only resource of the type. */
  the(type: string): Block {
    const found = Object.values(this.json.resource[type] ?? {});
    assert.equal(found.length, 1, `expected one ${type}, found ${found.length.toString()}`);
    return found[0] as Block;
  }

  none(type: string): void {
    assert.deepEqual(Object.keys(this.all(type)), [], `expected no ${type}`);
  }

  /** Calls the cdktf matcher. A failure shows the existing resources. */
  has(type: string, properties: Json): void {
    if (Testing.toHaveResourceWithProperties(this.text, type, properties)) return;
    const there = Object.values(this.all(type)).map((block) =>
      Object.fromEntries(Object.keys(properties).map((key) => [key, block[key]])),
    );
    assert.fail(
      `No ${type} has\n${inspect(properties, { depth: 9 })}\nThere are:\n${inspect(there, { depth: 9 })}`,
    );
  }

  /** Returns the decoded user data of the launch template. */
  get userData(): string {
    return Buffer.from(String(this.the('aws_launch_template')['user_data']), 'base64').toString();
  }
}

const outdir = mkdtempSync(join(tmpdir(), 'synth-'));
process.once('exit', () => {
  rmSync(outdir, { recursive: true });
});

/** Returns an app whose files are deleted after the tests. */
export function testApp(): App {
  return Testing.app({ outdir });
}

/** Synthesizes a stack; REPOSITORY and GIT_REF have defaults. */
export function synthesize(env: Env = {}): Synthesized {
  const stack = new ElbInventoryStack(testApp(), 'elb-inventory', readConfig({ ...source, ...env }));
  return new Synthesized(Testing.synth(stack));
}

const cache = new Map<string, Synthesized>();

/** Returns one of `variants`, which is synthesized once. */
export function variant(name: keyof typeof variants): Synthesized {
  const known = cache.get(name) ?? synthesize(variants[name]);
  cache.set(name, known);
  return known;
}

/** Returns the statements of a policy. */
export function statements(policy: unknown): Block[] {
  return (JSON.parse(String(policy)) as { Statement: Block[] }).Statement;
}
