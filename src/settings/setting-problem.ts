/** Thrown by the parser of a setting: a clause that follows the setting's name. */
export class SettingProblem extends Error {}
