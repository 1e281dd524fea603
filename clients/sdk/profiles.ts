/** What users say of themselves, over HTTP. */
import { AuthorisedCalls } from './authorised-calls.ts';
import type { Credentials } from './connection.ts';

export interface Profile {
  readonly userId: string;
  /** Empty if the account was deleted. */
  readonly displayName: string;
  readonly about: string | null;
  readonly pictureUrl: string | null;
  readonly isDeleted: boolean;
}

export interface OwnProfile extends Profile {
  readonly deviceId: string;
  readonly phoneNumber: string;
}

/** What is left out stays; null takes away. */
export interface ProfileChanges {
  readonly displayName?: string;
  readonly about?: string | null;
  readonly pictureUrl?: string | null;
}

interface ProfileAnswer {
  user_id: string;
  display_name: string;
  about: string | null;
  picture_url: string | null;
  deleted?: boolean;
}

interface OwnProfileAnswer extends ProfileAnswer {
  device_id: string;
  phone_number: string;
}

/** Of one call. */
const maxProfiles = 100;

const toProfile = (answer: ProfileAnswer): Profile => ({
  userId: answer.user_id,
  displayName: answer.display_name,
  about: answer.about,
  pictureUrl: answer.picture_url,
  isDeleted: answer.deleted ?? false,
});

const toOwnProfile = (answer: OwnProfileAnswer): OwnProfile => ({
  ...toProfile(answer),
  deviceId: answer.device_id,
  phoneNumber: answer.phone_number,
});

export class ProfilesApi {
  readonly #calls: AuthorisedCalls;

  constructor(baseUrl: string, credentials: Credentials) {
    this.#calls = new AuthorisedCalls(baseUrl, credentials);
  }

  /** @throws ParleyError */
  async own(): Promise<OwnProfile> {
    return toOwnProfile(await this.#calls.call<OwnProfileAnswer>('GET', '/v1/me'));
  }

  /** Resolves to the profile afterwards. @throws ParleyError */
  async change({ displayName, about, pictureUrl }: ProfileChanges): Promise<OwnProfile> {
    const body = { display_name: displayName, about, picture_url: pictureUrl };
    return toOwnProfile(await this.#calls.call<OwnProfileAnswer>('PATCH', '/v1/me', body));
  }

  /** Of those that there are, by id. @throws ParleyError */
  async of(userIds: readonly string[]): Promise<ReadonlyMap<string, Profile>> {
    const profiles = new Map<string, Profile>();
    for (let i = 0; i < userIds.length; i += maxProfiles) {
      const user_ids = userIds.slice(i, i + maxProfiles);
      const answer = await this.#calls.call<{ profiles: ProfileAnswer[] }>('POST', '/v1/profiles', { user_ids });
      for (const one of answer.profiles) profiles.set(one.user_id, toProfile(one));
    }
    return profiles;
  }
}
