// Image search: embeds the photos of a folder, and finds those that are most similar to one photo. See docs/serving.md.
//
//   PhotoSearch                                              the flowers of this repository, with a small network that it trains first
//   PhotoSearch --photos FOLDER --model MODEL --query PHOTO --top 5
//
// MODEL is a model .zip, or a public checkpoint: its file, folder or hub id. Without PHOTO, the first photo of each subfolder is searched for. Output:
//
//   roses/6409000675_6eb6806e59.jpg
//     0.981  roses/4503599544_822faf7f66.jpg
//     0.964  tulips/5674125303_953b0ecf38.jpg
//   ...
//   The nearest other photo is in the same folder for 34 of 60 photos.
using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.ML.VisionTransformer.Hosting;
using PhotoSearch;

var photosOption = new Option<DirectoryInfo>("--photos") { Description = "The folder to search. Default: flowers.", DefaultValueFactory = _ => new(Path.Combine(AppContext.BaseDirectory, "flowers")) }.AcceptExistingOnly();
var modelOption = new Option<string?>("--model") { Description = "A model .zip, or a public checkpoint. Default: a small network is trained on the photos." };
var queryOption = new Option<FileInfo>("--query") { Description = "The photo to search for. Default: the first of each subfolder." }.AcceptExistingOnly();
var topOption = new Option<int>("--top") { Description = "Number of photos to show.", DefaultValueFactory = _ => 3 };
topOption.Validators.Add(top => { if (top.GetValueOrDefault<int>() < 1) top.AddError("--top must be at least 1."); });
var command = new RootCommand("Finds similar photos.") { photosOption, modelOption, queryOption, topOption };
command.SetAction(async (arguments, cancellation) =>
{
    string folder = arguments.GetRequiredValue(photosOption).FullName;
    var services = new ServiceCollection();
    services.AddVisionTransformerEmbeddings(options =>
    {
        options.Model = arguments.GetValue(modelOption);
        options.Load = options.Model is null ? context => SmallNetwork.Train(context, folder) : null;
    });
    await using var provider = services.BuildServiceProvider();

    // Another store, such as a database, is another class here. The lines below stay the same.
    using var photos = new PhotoCollection("photos", provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>());
    await photos.EnsureCollectionExistsAsync(cancellation);
    string[] files = [.. Photo.Files(folder)];
    await photos.UpsertAsync(files.Select(file => Photo.Read(folder, file)), cancellation);

    int top = arguments.GetRequiredValue(topOption);
    string[] queries = arguments.GetValue(queryOption) is { } query ? [query.FullName] : [.. files.GroupBy(Path.GetDirectoryName).Select(group => group.First())];
    foreach (string file in queries)
    {
        Console.WriteLine(Photo.Read(folder, file).Path);
        await foreach (var found in photos.SearchAsync(Photo.Content(file), top, new() { Filter = photo => photo.File != file }, cancellation))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {found.Score:F3}  {found.Record.Path}"));
    }

    int same = 0;
    foreach (string file in files)
    {
        await foreach (var found in photos.SearchAsync(Photo.Content(file), 1, new() { Filter = photo => photo.File != file }, cancellation))
            same += Path.GetDirectoryName(found.Record.File) == Path.GetDirectoryName(file) ? 1 : 0;
    }

    Console.WriteLine($"The nearest other photo is in the same folder for {same} of {files.Length} photos.");
    return 0;
});
try
{
    return await command.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (e is IOException or InvalidDataException or ImageRejectedException or InvalidOperationException or ArgumentException)
{
    Console.Error.WriteLine(e.Message.ReplaceLineEndings(" "));
    return 1;
}
