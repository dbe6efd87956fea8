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
/** A resource as it stands in the JSON. */
export type Block = Record<string, any>;

/** A stack as Terraform reads it. */
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

  /** All resources of the type, by the path of their construct: cdktf joins it by underscores and adds a hash. */
  all(type: string): Record<string, Block> {
    const named = Object.entries(this.json.resource[type] ?? {});
    return Object.fromEntries(
      named.map(([name, block]) => [name.replace(/_[0-9A-F]{8}$/, '').replace('_', '/'), block]),
    );
  }

  /** The only resource of the type. */
  the(type: string): Block {
    const found = Object.values(this.json.resource[type] ?? {});
    assert.equal(found.length, 1, `There is not one ${type} but ${found.length.toString()}`);
    return found[0] as Block;
  }

  none(type: string): void {
    assert.deepEqual(Object.keys(this.all(type)), [], `There should be no ${type}`);
  }

  /** cdktf's matcher, with a failure that shows what there is instead. */
  has(type: string, properties: Json): void {
    if (Testing.toHaveResourceWithProperties(this.text, type, properties)) return;
    const there = Object.values(this.all(type)).map((block) =>
      Object.fromEntries(Object.keys(properties).map((key) => [key, block[key]])),
    );
    assert.fail(
      `No ${type} has\n${inspect(properties, { depth: 9 })}\nThere are:\n${inspect(there, { depth: 9 })}`,
    );
  }

  /** The decoded user data of the launch template. */
  get userData(): string {
    return Buffer.from(String(this.the('aws_launch_template')['user_data']), 'base64').toString();
  }
}

const outdir = mkdtempSync(join(tmpdir(), 'synth-'));
process.once('exit', () => {
  rmSync(outdir, { recursive: true });
});

/** An app whose files are gone once the tests have ended. */
export function testApp(): App {
  return Testing.app({ outdir });
}

/** Synthesizes what the environment asks for; of REPOSITORY and GIT_REF it may be silent. */
export function synthesize(env: Env = {}): Synthesized {
  const stack = new ElbInventoryStack(testApp(), 'elb-inventory', readConfig({ ...source, ...env }));
  return new Synthesized(Testing.synth(stack));
}

const cache = new Map<string, Synthesized>();

/** One of `variants`, synthesized once a run. */
export function variant(name: keyof typeof variants): Synthesized {
  const known = cache.get(name) ?? synthesize(variants[name]);
  cache.set(name, known);
  return known;
}

/** The statements of a policy in the JSON of a resource. */
export function statements(policy: unknown): Block[] {
  return (JSON.parse(String(policy)) as { Statement: Block[] }).Statement;
}
