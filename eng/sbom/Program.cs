using Border0.PdSidecar.Sbom;

// sbom write RID FOLDER   after `dotnet publish`: writes FOLDER/pdsidecar.cdx.json
// sbom check RID FOLDER   holds it against what the compiler was given, the lock file and the folder
if (args is not [("write" or "check") and var verb, var rid, var folder])
{
    Console.Error.WriteLine("usage: sbom write|check RID FOLDER");
    return 2;
}

var build = new PublishedBuild(Directory.GetCurrentDirectory(), rid);
var file = Path.Combine(folder, BillOfMaterials.FileName);
if (verb == "write")
{
    File.WriteAllText(file, BillOfMaterials.Write(build, folder));
    return 0;
}

var problems = Completeness.Problems(build, folder, File.ReadAllText(file)).ToList();
problems.ForEach(p => Console.Error.WriteLine($"{BillOfMaterials.FileName}: {p}"));
Console.WriteLine(problems.Count == 0 ? $"{BillOfMaterials.FileName}: complete" : $"{BillOfMaterials.FileName}: {problems.Count} problems");
return problems.Count == 0 ? 0 : 1;
