namespace Border0.PdSidecar.Commands.Apply;

/// <summary>What is asked for beyond writing what files say.</summary>
/// <param name="Prune">Delete what apply owns and no file names.</param>
/// <param name="TakeOver">Change what another owner owns too.</param>
/// <param name="WriteSecrets">Write every secret, whether it seems to be the stored one or not.</param>
internal sealed record ApplyOptions(bool Prune, bool TakeOver, bool WriteSecrets);
