import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Refresh {
  readonly id: string;
  readonly version: string;
  readonly skipMatching: boolean;
  readonly autoRollback: boolean;
  status: string;
}

/** Status sequences of a refresh, one per poll (API reference of EC2 Auto Scaling, InstanceRefresh). */
const sequences = {
  succeeds: ['Pending', 'Successful'],
  isSlow: ['Pending', 'InProgress', 'Successful'],
  fails: ['InProgress', 'RollbackInProgress', 'RollbackSuccessful'],
  hangs: ['InProgress'],
};

/**
 * A group in an AWS that speaks the query protocol of EC2 Auto Scaling. AWS sets the version of the group when a refresh has
 * succeeded (EC2 Auto Scaling user guide, "Use an instance refresh with skip matching" and "Undo changes with a rollback").
 */
export class GroupInAws {
  /** The version that the group launches. */
  version: string;
  next: keyof typeof sequences = 'succeeds';
  readonly refreshes: Refresh[] = [];
  private readonly server: Server;
  private readonly left = new Map<Refresh, string[]>();

  constructor(version: string) {
    this.version = version;
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const query = new URLSearchParams(body);
        const action = query.get('Action') ?? '';
        const result = this.answer(action, query);
        response.statusCode = result === undefined ? 400 : 200;
        response.end(
          result === undefined
            ? `<ErrorResponse><Error><Type>Sender</Type><Code>InstanceRefreshInProgress</Code><Message>${action}</Message></Error></ErrorResponse>`
            : `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`,
        );
      });
    });
  }

  /** Returns the URL. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port.toString()}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Starts a refresh to a version, as another client would. */
  begin(version: string, skipMatching = false, autoRollback = false): Refresh {
    const [status = '', ...left] = sequences[this.next];
    const id = `refresh-${this.refreshes.length.toString()}`;
    const refresh = { id, version, skipMatching, autoRollback, status };
    this.refreshes.push(refresh);
    this.left.set(refresh, left);
    return refresh;
  }

  private answer(action: string, query: URLSearchParams): string | undefined {
    const active = this.refreshes.find(({ status }) =>
      /^(Pending|InProgress|Rollback\w*Progress)$/.test(status),
    );
    if (action === 'StartInstanceRefresh') {
      if (active) return undefined;
      const { id } = this.begin(
        query.get('DesiredConfiguration.LaunchTemplate.Version') ?? '',
        query.get('Preferences.SkipMatching') === 'true',
        query.get('Preferences.AutoRollback') === 'true',
      );
      return `<InstanceRefreshId>${id}</InstanceRefreshId>`;
    }
    if (action === 'CancelInstanceRefresh') {
      if (active) active.status = 'Cancelled';
      return '';
    }
    const id = query.get('InstanceRefreshIds.member.1');
    const members = this.refreshes.filter((each) => id === null || each.id === id);
    for (const each of members) this.advance(each);
    return `<InstanceRefreshes>${members.map(xml).join('')}</InstanceRefreshes>`;
  }

  private advance(refresh: Refresh): void {
    if (refresh.status === 'Cancelled') return;
    refresh.status = this.left.get(refresh)?.shift() ?? refresh.status;
    if (refresh.status === 'Successful') this.version = refresh.version;
  }
}

function xml({ id, version, status }: Refresh): string {
  return (
    `<member><InstanceRefreshId>${id}</InstanceRefreshId><Status>${status}</Status>` +
    `<StatusReason>Lifecycle action was abandoned.</StatusReason><PercentageComplete>50</PercentageComplete>` +
    `<DesiredConfiguration><LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>${version}</Version>` +
    `</LaunchTemplate></DesiredConfiguration></member>`
  );
}
