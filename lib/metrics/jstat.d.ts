/** The part of jStat that is used; it comes without types. */
declare module 'jstat' {
  export const jStat: {
    readonly studentt: {
      /** Probability that a t-distributed value with `dof` degrees of freedom is at most x. */
      cdf(x: number, dof: number): number;
    };
  };
}
