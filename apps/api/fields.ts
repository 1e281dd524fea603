/** The fields of requests and answers. Text is refused where SQL or a person could not show it. */

import { maxLabelChars } from '@parley/projections/directory/contacts';
import { maxDeviceNameChars, maxKeyBundleBytes, maxPushTokenChars } from '@parley/projections/directory/devices';
import { maxIdentityKeyBytes, maxOneTimeKeyBytes, maxSignedPrekeyBytes } from '@parley/projections/directory/keys';
import { codeDigits } from '@parley/projections/directory/one-time-codes';
import { maxAboutChars, maxDisplayNameChars, maxPictureUrlChars } from '@parley/projections/directory/profiles';
import { z } from 'zod';

const base64Chars = (bytes: number): number => Math.ceil(bytes / 3) * 4;

/** No control characters, no lone surrogates, not only blanks. */
export const text = (maxChars: number) =>
  z
    .string()
    .max(maxChars)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold control characters')
    .regex(/\S/, 'must not be blank');

export const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a UUID in lower case')
  .describe('a UUID in lower case');
export const timeMs = z.int().describe('milliseconds since the Unix epoch');
export const phoneNumber = z
  .string()
  .max(40)
  .meta({
    description: 'E.164 with its country code; spaces, dots, dashes and brackets are left out',
    // For those who read the description: what it is not is told as invalid_phone_number, with what no numbering plan has.
    pattern: '^\\+[1-9][0-9 ().-]{5,38}$',
    examples: ['+491701234567'],
  });
export const code = z
  .string()
  .regex(new RegExp(`^[0-9]{${codeDigits}}$`), `must be ${codeDigits} digits`)
  .describe('the one-time code');
export const about = text(maxAboutChars).nullable().describe('a line about oneself; null for none');
export const pictureUrl = z
  .string()
  .max(maxPictureUrlChars)
  .regex(/^https:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?(\/[\x21-\x7e]*)?$/, 'must be an https URL in ASCII')
  .nullable()
  .describe('where the picture is; null for none');
export const contactLabel = text(maxLabelChars).describe('what the caller calls them');
export const displayName = text(maxDisplayNameChars).describe('what others see');
export const deviceName = text(maxDeviceNameChars).describe('what the user calls the device');
export const linkCode = z
  .string()
  .min(16)
  .max(60)
  .describe('the code of a link, as it is shown or as its QR code holds it; case, blanks and dashes do not matter');
export const platform = z.enum(['ios', 'android', 'web', 'desktop']);
export const keyBundle = z
  .base64()
  .min(4)
  .max(base64Chars(maxKeyBundleBytes))
  .describe('public keys of the device, opaque to the server, in base64');
const key = (maxBytes: number) => z.base64().min(4).max(base64Chars(maxBytes));
export const identityKey = key(maxIdentityKeyBytes).describe('public key that the device is known by, in base64');
export const signedPrekey = key(maxSignedPrekeyBytes).describe('signed with the identity key, replaced now and then');
export const oneTimeKey = key(maxOneTimeKeyBytes).describe('signed by the device, opaque to the server, in base64');
export const identityVersion = z
  .int()
  .describe('grows whenever a device of the user comes, goes or changes its identity');
export const pushToken = z
  .string()
  .min(1)
  .max(maxPushTokenChars)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII')
  .nullable()
  .describe('token of APNs or FCM; null for no pushes');

export const newDevice = z.strictObject({
  name: deviceName,
  platform,
  key_bundle: keyBundle,
  push_token: pushToken.default(null),
});

export const codeSent = z.object({
  expires_at_ms: timeMs.describe('until when the code is good'),
  dev_code: code.optional().describe('the code itself, on servers for development only'),
});

export const tokens = z.object({
  user_id: uuid,
  device_id: uuid,
  access_token: z.string().describe('short-lived; goes into the Authorization header'),
  access_expires_at_ms: timeMs,
  refresh_token: z.string().describe('good for one use; used again it revokes the device'),
  refresh_expires_at_ms: timeMs,
});

export const device = z.object({
  device_id: uuid,
  name: z.string(),
  platform,
  created_at_ms: timeMs,
  current: z.boolean().describe('true for the device that asks'),
});

export const nothing = z.null().describe('nothing');
