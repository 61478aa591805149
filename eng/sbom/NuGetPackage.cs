namespace Border0.PdSidecar.Sbom;

/// <summary>A package that the build takes.</summary>
/// <param name="Id">Its id, as its author writes it.</param>
/// <param name="Version">Its exact version.</param>
/// <param name="Sha512">The hash of the package file, hexadecimal.</param>
/// <param name="License">An SPDX expression, or null where the package only has a text of its own.</param>
/// <param name="Delivered">Whether anything of it is in the binary or beside it; otherwise it only takes part in the build.</param>
/// <param name="DependsOn">The ids of the packages that it needs itself.</param>
internal sealed record NuGetPackage(string Id, string Version, string Sha512, string? License, bool Delivered, IReadOnlyList<string> DependsOn)
{
    /// <summary>Its package URL, which names it in the bill of materials.</summary>
    public string Purl => PurlOf(Id, Version);

    public static string PurlOf(string id, string version) => $"pkg:nuget/{id}@{version}";
}
