// The contract between the page and `gantry controller`: what the server sends, and nothing else. The C++ side
// (src/controller/page_json.cc) writes exactly these shapes; the page reads nothing that is not named here.
//
//   GET /api/controller                                          one Controller
//   GET /api/sets[?search=&state=&sort=&offset=&limit=]          one List; query.ts says what each may be
//   GET /api/sets/NAME                                           one OpenSet
//   GET /api/elections[?search=&limit=]                          {"elections": Election[]}, of all sets, newest first
//
// Rules as in ../api.ts: unknown is null, never 0; units are last in the name; instants are Unix time in milliseconds.
// What a set is, is what this controller has applied; who is alive, is what heartbeats say here.
import type { Maybe } from '../api';

export type SetState = 'healthy' | 'degraded' | 'no_master' | 'new';

export interface Controller {
  now_ms: number;
  name: string;
  address: string;
  group: string;
  /** Whether clients are served well here, and in one line why, or why not. */
  ready: boolean;
  why: string;
  /** null: of no group yet. */
  role: 'follower' | 'candidate' | 'leader' | 'precandidate' | null;
  term: Maybe;
  /** null: nobody leads, as far as this controller knows. */
  leader: string | null;
  leader_address: string | null;
  commit_index: number | null;
  applied_index: number | null;
  brokers_alive: number;
  members: Member[];
  sets: { total: number } & Record<SetState, number>;
}

export interface Member {
  id: number;
  name: string;
  address: string;
  /** false: a learner, which has no vote. */
  voter: boolean;
  /** Whether the leader heard of it within the last second; null: not known, as while nobody leads. */
  alive: boolean | null;
  /** Entries behind the leader; null: not known, as of one that is silent. */
  lag: Maybe;
}

export interface List {
  total: number;
  /** Sets that the query chooses; `sets` are those from `offset` on, up to `limit`. */
  matching: number;
  offset: number;
  sets: ReplicaSet[];
}

export interface ReplicaSet {
  cluster: string;
  /** Broker name. */
  set: string;
  /** degraded: a member is silent here, or not in sync. new: never had a master. */
  state: SetState;
  master_id: Maybe;
  master_address: string | null;
  master_epoch: number;
  sync_state_set_epoch: number;
  in_sync: number[];
  /** When the master changed last. */
  changed_at_ms: Maybe;
  replicas: Replica[];
}

export interface Replica {
  id: number;
  address: string;
  alive: boolean;
  in_sync: boolean;
  /** Of its data, as its newest heartbeat said; null: never heard here. */
  epoch: Maybe;
  max_offset: Maybe;
}

export interface OpenSet extends ReplicaSet {
  /** Newest first; the controller keeps the last eight. */
  elections: Election[];
  /** Who was weighed in the newest one. */
  candidates: { id: number; verdict: string; line: string }[];
}

export interface Election {
  at_ms: number;
  epoch: number;
  old_master: Maybe;
  new_master: Maybe;
  reason: string;
  /** Elected out of the sync-state set: messages may be lost. */
  unclean: boolean;
  /** "master 2 (epoch 5) instead of 1: the heartbeats of the master stopped". */
  line: string;
}

export interface ElectionOfSet extends Election {
  cluster: string;
  set: string;
}
